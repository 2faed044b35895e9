import type { DiagnosisPower, Finding } from '../../../src/adapter.ts';
import type { Contents } from './contents.ts';
import { listRealms } from './verbs/users.ts';

const WHERE: Finding = {
  subject: 'durability',
  level: 'warning',
  found: 'everything is in the memory of this process',
  advice: 'take another store where users should stay signed in when the process ends, or there are several processes',
};

export const diagnosisPower = (open: () => Contents): DiagnosisPower => ({
  diagnose() {
    open();
    return [WHERE];
  },
  realms: (limit) => listRealms(open(), limit),
});
