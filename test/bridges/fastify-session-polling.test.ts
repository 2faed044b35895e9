import { join } from 'node:path';
import { includes } from '../ci-only.ts';
import { bundle } from '../services/bundle.ts';
import { fastifyLayer } from './support/fastify-layer.ts';
import { pollingBehaviours } from './support/polling.ts';
import { reasonBehaviours } from './support/reasons.ts';

const script = includes('bridges: two processes behind the tabs of one browser')
  ? await bundle(join(import.meta.dirname, 'support/polling-process.ts'))
  : null;
const cookie = { secure: false, maxAge: 3600e3 };

reasonBehaviours(fastifyLayer);

pollingBehaviours(
  fastifyLayer,
  {
    'its defaults': { saveUninitialized: true, rolling: true },
    'saveUninitialized and rolling': { saveUninitialized: true, rolling: true, cookie },
    saveUninitialized: { saveUninitialized: true, rolling: false, cookie },
    rolling: { saveUninitialized: false, rolling: true, cookie },
    neither: { saveUninitialized: false, rolling: false, cookie },
  },
  script,
);
