import type { Caller } from './access-tokens.ts'
import { type Answer, json } from './answer.ts'
import { ABOUT, parseFields, pick } from './fields.ts'
import { GoogleError } from './google-error.ts'
import { stableDigits } from './service-accounts.ts'

/** The answer of Drive's `about.get`: who the caller is. Throws Drive's 400 where no fields are named. */
export function about({ email }: Caller, query: URLSearchParams): Answer {
  const fields = query.get('fields') ?? ''
  if (fields === '') {
    throw new GoogleError(400, "The 'fields' parameter is required for this method.", {
      reason: 'required',
      location: { location: 'fields', locationType: 'parameter' },
    })
  }
  const user = {
    kind: 'drive#user',
    displayName: email.split('@')[0],
    me: true,
    permissionId: stableDigits(`permission ${email}`),
    emailAddress: email,
  }
  const asked = pick({ kind: 'drive#about', user }, parseFields(fields, ABOUT))
  return json(200, asked, query.get('prettyPrint') !== 'false')
}
