import t from 'tap'
import { isOutOfDescriptors } from '../../src/disk/descriptors.ts'
import { toDiskError } from '../../src/disk/disk-errors.ts'

const failed = (code: string, message = 'it failed', cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })

t.test('too few descriptors are told from whatever else fails, wherever they are the reason', async (t) => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOBUFS']) t.ok(isOutOfDescriptors(failed(code)), code)
  t.ok(isOutOfDescriptors(new TypeError('fetch failed', { cause: failed('EMFILE') })), 'as the cause')
  t.ok(isOutOfDescriptors(failed('ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EMFILE')), 'of a thread')
  t.ok(
    isOutOfDescriptors(failed('ERR_INVALID_PACKAGE_CONFIG', 'Cannot read package config /a: too many open files.')),
    'of a module',
  )
  for (const code of ['ENOENT', 'ENOSPC', 'ECONNREFUSED']) t.notOk(isOutOfDescriptors(failed(code)), code)
  t.notOk(isOutOfDescriptors(failed('ENOTFOUND')), 'a name that is not there, while descriptors are')
  t.notOk(isOutOfDescriptors(undefined))
})

t.test('on a disk they are a code of their own, which passes by itself', async (t) => {
  for (const error of [failed('EMFILE'), failed('ENFILE'), new Error('EMFILE: too many open files, open')]) {
    t.match(toDiskError(error, 'It failed'), { code: 'STORAGE_BUSY', retryable: true, hint: /ulimit -n/ })
  }
  t.match(toDiskError(failed('EIO'), 'It failed'), { code: 'STORAGE_UNAVAILABLE' })
  const busy = toDiskError(failed('EMFILE'), 'It failed')
  t.equal(toDiskError(busy, 'Something else failed'), busy)
})
