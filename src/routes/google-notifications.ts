import type { FastifyPluginAsync } from 'fastify'

/** Takes Google's notifications; nothing that comes back says what became of one. */
export interface NotificationReceiver {
  /** Takes a notification by its channel and token. Never waits and never throws. */
  receive(channelId: unknown, token: unknown): void
}

/** Where Google sends its notifications, below the URL of the service. */
export const NOTIFICATIONS_PATH = '/google/notifications'

/**
 * Answers every notification alike, before its body is read: Google sends it a content type that is none, and nothing in it
 * is of use. Not in the OpenAPI document, as nobody but Google calls it, and not logged, as anybody can.
 */
export const googleNotificationRoutes: FastifyPluginAsync<{
  readonly notifications: NotificationReceiver
}> = async (app, { notifications }) => {
  app.route({
    method: 'POST',
    url: NOTIFICATIONS_PATH,
    schema: { hide: true },
    config: { isUnlogged: true },
    onRequest: (request, reply, _done) => {
      const { 'x-goog-channel-id': id, 'x-goog-channel-token': token, 'x-goog-resource-state': state } = request.headers
      // The first one of a channel says no more than that it is open.
      if (state !== 'sync') notifications.receive(id, token)
      reply.code(204).send()
    },
    handler: () => undefined,
  })
}
