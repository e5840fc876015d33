import { AppError } from '../../errors.ts'
import type { EngineFailure } from './protocol.ts'

/** The database file of a table is gone, or not what it was; one that is made anew may do. */
export class BrokenTable extends AppError {
  constructor(cause: unknown) {
    super('QUERY_ENGINE_FAILED', 'A table could not be read from the disk, or not be written to it.', {
      cause,
      retryAfterSeconds: 1,
    })
  }
}

/** What an engine process says of a task, as the failure of a request. */
export function queryFailure({ kind, message, field, line, column }: EngineFailure): AppError {
  switch (kind) {
    case 'invalid': {
      const place = line === undefined ? '' : ` (line ${line}${column === undefined ? '' : `, column ${column}`})`
      const about = field === undefined ? '' : `${field}: `
      const errors = field === undefined ? {} : { errors: [{ field, message: `${message}${place}` }] }
      return new AppError('QUERY_INVALID', `${about}${message}${place}`, errors)
    }
    case 'limit':
      return new AppError('QUERY_LIMIT_EXCEEDED', `The question was given up: ${message}.`)
    case 'disk':
      // What DuckDB says names files of this machine.
      return /No space left|quota/i.test(message)
        ? new AppError('STORAGE_FULL', 'There is no space for the tables that are asked.', {
            cause: new Error(message),
          })
        : new BrokenTable(new Error(message))
    case 'engine':
      return new AppError('QUERY_ENGINE_FAILED', `DuckDB failed: ${message}`, { retryAfterSeconds: 1 })
  }
}
