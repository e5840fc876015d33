import type { Sync } from '../../client/src/types.ts'
import { counted, secondsUntil } from './numbers.ts'

type Progress = Sync['progress']

const PHASES: Readonly<Record<Progress['phase'], string>> = {
  waiting: 'waiting',
  'reading-metadata': 'reading metadata',
  downloading: 'downloading',
  publishing: 'publishing',
  done: 'done',
}

/** What hinders a sync that still tries, to the second: `waiting for Google's quota, 23 s`; nothing: `undefined`. */
export function hindranceOf(
  { waitingUntil, fault }: Pick<Progress, 'waitingUntil' | 'fault'>,
  now: number,
): string | undefined {
  if (fault !== null && fault.tries > 0) return faultWords(fault, now)
  if (waitingUntil !== null) return `waiting for Google's quota, ${secondsUntil(waitingUntil, now)} s`
  return fault === null ? undefined : faultWords(fault, now)
}

function faultWords({ code, detail, tries, nextTryAt }: NonNullable<Progress['fault']>, now: number): string {
  const seconds = nextTryAt === null ? undefined : secondsUntil(nextTryAt, now)
  if (tries === 0) return slowWords(code, seconds)
  // The try that is to come, or is under way, is the one after those that have failed.
  const what = `${faultSubject(code, detail)}, try ${tries + 1}`
  return seconds === undefined ? `${what} is under way` : `${what} in ${seconds} s`
}

/** No call has failed: an answer is only long in coming. */
function slowWords(code: string, seconds: number | undefined): string {
  if (code === 'GOOGLE_QUOTA_EXCEEDED') {
    return `waiting for Google's quota${seconds === undefined ? '' : `, ${seconds} s`}`
  }
  return code.startsWith('GOOGLE') ? 'Google is slow to answer' : 'the storage is slow to answer'
}

function faultSubject(code: string, detail: string): string {
  const status = /\bstatus (\d{3})\b/.exec(detail)?.[1]
  switch (code) {
    case 'GOOGLE_QUOTA_EXCEEDED':
      return 'Google refuses more reads for now'
    case 'GOOGLE_UNREACHABLE':
      return 'Google cannot be reached'
    case 'STORAGE_FULL':
      return 'the storage is full'
    case 'STORAGE_UNAVAILABLE':
      return 'the storage cannot be used'
    default:
      if (!code.startsWith('GOOGLE')) return `hindered by ${code}`
      return status === undefined ? 'Google does not answer properly' : `Google answers ${status}`
  }
}

/** What a sync is doing, or what came of it, in a few words. */
export function activityOf(
  {
    state,
    progress,
    outcome,
    error,
    changed,
  }: Pick<Sync, 'state' | 'progress' | 'outcome'> & {
    readonly error: { readonly title: string } | null
    readonly changed?: { readonly added: number; readonly removed: number } | null
  },
  now: number,
): string {
  if (state === 'failed') return error?.title ?? ''
  if (state === 'succeeded')
    return outcome === 'unchanged' ? 'unchanged' : changed ? changeWords(changed.added, changed.removed) : ''
  if (state === 'cancelled') return ''
  const hindrance = hindranceOf(progress, now)
  if (hindrance !== undefined) return hindrance
  if (state === 'queued') return 'waiting for its turn'
  if (state === 'cancelling') return 'ends soon'
  if (state === 'interrupted') return 'goes on once the service has it again'
  return PHASES[progress.phase]
}

/** `3 of 12`, or `3` while nobody knows of how many. */
export function partOf(done: number, total: number | null): string {
  return total === null || total === done ? String(done) : `${done} of ${total}`
}

/** What has changed in the rows since the earlier snapshot: `12 rows added, 3 removed`. */
export function changeWords(added: number | null, removed: number | null): string {
  if (added === null || removed === null) return ''
  if (added === 0 && removed === 0) return 'no rows added or removed'
  return `${counted(added, 'row')} added, ${removed} removed`
}
