import { ProcessSockets } from '../../src/storage/files/process-sockets.ts'

/** `node listening-process.ts FOLDER TOKEN`: listens as the process of that token, and says so, until it is killed. */
const [folder = '', self = ''] = process.argv.slice(2)
const sockets = new ProcessSockets(folder, { self, isGone: () => false, isOfThisBoot: () => true })
await sockets.listen()
process.stdout.write('listening\n')
setInterval(() => {}, 60_000)
