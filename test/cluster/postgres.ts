import t from 'tap'
import { isThere } from '../support/queue-servers.ts'
import { loadACluster } from './support/load.ts'

const skip = (await isThere('postgres')) ? false : 'no postgres here'

t.test(
  'two APIs and two workers on postgres lose no sync, whoever is killed and however the server fails',
  { skip, timeout: 900_000 },
  (t) => loadACluster(t, 'postgres'),
)
