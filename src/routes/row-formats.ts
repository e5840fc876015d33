import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { preferredFormat } from './preferred-format.ts'

/** Formats that a page of rows can be had in; the first is the one for whoever accepts anything. */
export const PAGE_FORMATS = ['json', 'ndjson', 'csv'] as const
export const QUERY_FORMATS = [...PAGE_FORMATS, 'parquet'] as const

/** Rows of an answer where none are asked for by number. */
export const DEFAULT_ROWS = 100

/** In the API's document, what is not JSON. */
export const textContent = { schema: z.string() }

/** The format that a request accepts best. Throws a NOT_ACCEPTABLE that names them all. */
export function wantedFormat<Format extends (typeof QUERY_FORMATS)[number]>(
  request: FastifyRequest,
  formats: readonly Format[],
): Format {
  const format = preferredFormat(request, formats)
  if (format !== undefined) return format
  throw new AppError('NOT_ACCEPTABLE', 'Rows cannot be answered as any type that Accept names.', {
    hint: `There is ${formats.join(', ')}; name one as "format".`,
  })
}
