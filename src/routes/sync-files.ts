import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { filesOf, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { type Sync, snapshotFile } from '../model/sync.ts'
import { sendJson } from './encoded-answer.ts'
import { fileOf, sendFile } from './file-response.ts'
import { CODING_HEADERS, fileHeaders, jsonResponse, problemResponses, rowsResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { syncIdParam, syncPath } from './validation.ts'

const listOfFiles = z
  .object({
    files: z.array(snapshotFile.extend({ tab: z.object({ gid: z.number(), title: z.string() }) })),
  })
  .meta({ id: 'FileList' })

const listSyncFiles = {
  operationId: 'listSyncFiles',
  summary: 'List the files of a sync',
  description: '409 until the sync has succeeded: files appear all at once or not at all.',
  tags: ['rows'],
  params: syncPath,
  response: {
    200: jsonResponse('The files', listOfFiles, CODING_HEADERS),
    ...problemResponses(400, 404, 406, 409, 500, 503),
  },
}

const getSyncFile = {
  operationId: 'getSyncFile',
  summary: 'Download a file of a sync',
  description:
    'The bytes, whole or in a Range, with the SHA-256 as ETag. Compressed as Accept-Encoding prefers, the ETag names the coding too.',
  tags: ['rows'],
  params: z.object({
    id: syncIdParam,
    name: z.string().max(200, 'is longer than any file name').describe('As listed'),
  }),
  headers: fileHeaders,
  response: { ...rowsResponses('The bytes of the file'), ...problemResponses(400, 404, 406, 409, 412, 416, 500, 503) },
}

/** The files that a succeeded sync published. */
export const syncFileRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { service, snapshots, callerOf, ownerOf, fileLimit, compression },
) => {
  app.get('/syncs/:id/files', { schema: listSyncFiles }, async (request, reply) => {
    const manifest = await publishedBy(await service.find(request.params.id, callerOf(request)))
    const files = manifest.tabs.flatMap(({ gid, title, files: ofTab }) =>
      ofTab.map((file) => ({ ...file, href: `/syncs/${request.params.id}/files/${file.name}`, tab: { gid, title } })),
    )
    return sendJson(request, reply, { files }, { owner: ownerOf(request), compression })
  })

  app.get('/syncs/:id/files/:name', { schema: getSyncFile }, async (request, reply) => {
    const manifest = await publishedBy(await service.find(request.params.id, callerOf(request)))
    const { name } = request.params
    const file = filesOf(manifest).find((candidate) => candidate.name === name)
    if (file === undefined) {
      throw new AppError('FILE_NOT_FOUND', 'The sync has no file of this name.', {
        hint: `GET /syncs/${request.params.id}/files lists what there is.`,
      })
    }
    const reader = { owner: ownerOf(request), fileLimit, compression }
    return sendFile(request, reply, fileOf(snapshots, manifest, file, 'attachment'), reader)
  })

  async function publishedBy(sync: Sync): Promise<SnapshotManifest> {
    if (sync.state !== 'succeeded') {
      const ended = sync.finishedAt !== null
      const detail = ended ? `The sync ${sync.state}, so it has no files.` : `The sync is ${sync.state}.`
      const hint = ended ? 'POST /syncs/{id}/retry downloads it again.' : undefined
      throw new AppError('FILES_NOT_READY', detail, { hint })
    }
    const manifest = await snapshots.find(sync.spreadsheet.id, sync.snapshotId ?? sync.id)
    if (manifest !== undefined) return manifest
    const detail =
      'The files of this sync were removed: newer ones have taken their place, they expired or were erased.'
    const hint = `GET /spreadsheets/${sync.spreadsheet.id} shows the newest, if there are any; POST /syncs downloads again.`
    throw new AppError('SNAPSHOT_NOT_FOUND', detail, { hint })
  }
}
