import { join } from 'node:path';
import { includes } from '../ci-only.ts';
import { bundle } from '../services/bundle.ts';
import { koaLayer } from './support/koa-layer.ts';
import { pollingBehaviours } from './support/polling.ts';
import { reasonBehaviours } from './support/reasons.ts';

const script = includes('bridges: two processes behind the tabs of one browser')
  ? await bundle(join(import.meta.dirname, 'support/polling-process.ts'))
  : null;

reasonBehaviours(koaLayer);

pollingBehaviours(
  koaLayer,
  {
    'its defaults': {},
    rolling: { rolling: true },
    renew: { renew: true, maxAge: 3600e3 },
    'rolling, as long as the browser': { rolling: true, maxAge: 'session' },
  },
  script,
);
