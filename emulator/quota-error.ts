import { errorInfo, GoogleError, PROJECT, SERVICE } from './google-error.ts'
import type { ExceededLimit } from './read-quotas.ts'
import { DEFAULT_PROJECT, stableDigits } from './service-accounts.ts'

/** Google's two names of each limit of reads. */
const LIMITS = {
  user: { title: 'Read requests per minute per user', name: 'ReadRequestsPerMinutePerUser' },
  project: { title: 'Read requests per minute', name: 'ReadRequestsPerMinutePerProject' },
}

/**
 * The 429 of the per-minute read quota, without `Retry-After`, as it was recorded of Sheets (github.com/grouparoo/grouparoo,
 * `plugins/@grouparoo/google-sheets/__tests__/fixtures`, January 2022) and is cited in github.com/Sage-Bionetworks/data_curator#110.
 * The words about the project are those of github.com/r-lib/gargle#160.
 */
export function quotaExceeded({ of, project }: ExceededLimit): GoogleError {
  const { title, name } = LIMITS[of]
  const number = project === DEFAULT_PROJECT ? PROJECT : stableDigits(project).slice(-12)
  const message =
    `Quota exceeded for quota metric 'Read requests' and limit '${title}' of service ` +
    `'${SERVICE.sheets}' for consumer 'project_number:${number}'.`
  const info = errorInfo('RATE_LIMIT_EXCEEDED', {
    quota_metric: `${SERVICE.sheets}/read_requests`,
    service: SERVICE.sheets,
    consumer: `projects/${number}`,
    quota_limit: name,
  })
  return new GoogleError(429, message, { reason: 'rateLimitExceeded', details: [info] })
}
