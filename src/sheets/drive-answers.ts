import { z } from 'zod'
import { AppError } from '../errors.ts'
import {
  type ChangeLogName,
  type ChangePage,
  DriveGone,
  type FileState,
  type OpenChannel,
  TokenGone,
} from '../ports/change-feed.ts'
import type { Body } from './answer-body.ts'
import { CallFault } from './call-fault.ts'
import { parseBody } from './google-description.ts'
import { type ErrorAnswer, errorOfAnswer } from './google-errors.ts'
import type { GoogleIdentity } from './google-identity.ts'
import { parseJson } from './parse-json.ts'

/** Drive writes numbers of 64 bits as text. */
const version = z.string().optional().catch(undefined)

const startPageToken = z.object({ startPageToken: z.string().min(1) }).transform((answer) => answer.startPageToken)

const changeList = z
  .object({
    nextPageToken: z.string().optional(),
    newStartPageToken: z.string().optional(),
    changes: z
      .array(
        // A change of a shared drive itself names no file.
        z.object({
          fileId: z.string().optional(),
          removed: z.boolean().default(false),
          file: z.object({ version }).optional(),
        }),
      )
      .default([]),
  })
  .transform(({ changes, nextPageToken, newStartPageToken }, context): ChangePage => {
    const nextToken = nextPageToken ?? newStartPageToken
    if (nextToken === undefined) {
      context.addIssue({ code: 'custom', message: 'no token' })
      return z.NEVER
    }
    return {
      nextToken,
      isEnd: nextPageToken === undefined,
      changes: changes.flatMap(({ fileId, removed, file }) =>
        fileId === undefined ? [] : [{ fileId, version: removed ? null : (file?.version ?? null) }],
      ),
    }
  })

const file = z
  .object({
    version,
    driveId: z.string().optional(),
    ownedByMe: z.boolean().optional(),
    sharedWithMeTime: z.unknown().optional(),
  })
  .transform(({ version, driveId, ownedByMe, sharedWithMeTime }): FileState => {
    const isOwn = ownedByMe === true || sharedWithMeTime !== undefined
    return { version: version ?? null, driveId: driveId ?? null, isInAccountLog: driveId === undefined && isOwn }
  })

/** When a channel ends is a text of milliseconds; where it is not said, it is what was asked for. */
const channel = z.object({ resourceId: z.string().min(1), expiration: z.coerce.number().optional().catch(undefined) })

export const asStartToken = (body: Body): string => parsed(startPageToken, body)
export const asChangePage = (body: Body): ChangePage => parsed(changeList, body)
export const asFileState = (body: Body): FileState => parsed(file, body)

export function asOpenChannel(body: Body, askedUntil: Date): OpenChannel {
  const { resourceId, expiration } = parsed(channel, body)
  return { resourceId, expiresAt: new Date(expiration ?? askedUntil) }
}

function parsed<T>(schema: z.ZodType<T>, body: Body): T {
  const { data, success } = schema.safeParse(parseBody(body))
  if (!success) throw new CallFault('garbled', 'The answer is not what Drive sends.')
  return data
}

const reasons = z
  .object({
    error: z.object({
      errors: z
        .array(z.object({ reason: z.string().catch(''), location: z.string().catch('') }))
        .catch([])
        .default([]),
    }),
  })
  .catch({ error: { errors: [] } })

/**
 * What an error answer of Drive's change log means: as those of Sheets, and what this log alone has: page tokens, shared
 * drives, and addresses that Google sends no notifications to.
 */
export function errorOfDrive(answer: ErrorAnswer, identity: GoogleIdentity): Error {
  const { errors } = reasons.parse(parseJson(answer.body)).error
  const { status } = answer
  if (status === 410 || (status >= 400 && status < 500 && errors.some(({ location }) => location === 'pageToken'))) {
    return new TokenGone(`Drive does not take the page token any more (status ${status}).`)
  }
  if ((status === 403 || status === 404) && errors.some(({ location }) => location === 'driveId')) {
    return new DriveGone(`Drive shows this account no such shared drive (status ${status}).`)
  }
  const push = errors.find(({ reason }) => /^push\.\w{1,60}$|^channel\w{1,60}$/.test(reason))
  if (status < 500 && push !== undefined) {
    return new AppError('GOOGLE_REQUEST_REFUSED', `Google sends no notifications here (${push.reason}).`, {
      hint: 'PUBLIC_URL must be an https URL that Google reaches, with a certificate that is valid.',
    })
  }
  return errorOfAnswer(answer, identity, 'Drive')
}

/**
 * The same of one log. A list that Google refuses as a bad request, for whatever reason it gives, is begun anew: the token is
 * all of it that is not always the same. A drive that is refused is one that is not there.
 */
export function errorOfLog(log: ChangeLogName): typeof errorOfDrive {
  return (answer, identity) => {
    const error = errorOfDrive(answer, identity)
    if (!(error instanceof AppError)) return error
    if (answer.status === 400 && error.code === 'GOOGLE_REQUEST_REFUSED') return new TokenGone(error.message)
    const isHidden = error.code === 'SHEET_NOT_FOUND' || error.code === 'SHEET_FORBIDDEN'
    return isHidden && log !== 'account' ? new DriveGone(error.message) : error
  }
}
