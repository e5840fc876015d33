import { Sweeper } from '../../src/jobs/sweeper.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'

// Loaded into a service before it starts (`node --import`): the close of its sweeper fails, and with HANG=1 that of its
// storage never ends.
const { close } = Sweeper.prototype
Sweeper.prototype.close = async function (this: Sweeper) {
  await close.call(this)
  throw new Error('the sweeper does not close')
}
if (process.env.HANG === '1') FileStorage.prototype.close = () => new Promise(() => {})
