import fastify from 'fastify'

// The yardstick of bench/start-up.ts: nothing but Fastify and one route.
const app = fastify()
app.get('/livez', async () => ({ status: 'ok' }))
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`)
process.once('SIGTERM', () => {
  app.close().catch((error: unknown) => {
    throw error
  })
})
