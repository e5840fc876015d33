# syntax=docker/dockerfile:1
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/prune-node-modules.ts scripts/
# The image brings its own Node 24, so nothing of the development dependencies is wanted, nor any install script. Nine tenths
# of what is left are never loaded.
RUN npm ci --omit=dev --ignore-scripts && node scripts/prune-node-modules.ts node_modules

FROM ${NODE_IMAGE}
# On every address, or no published port would reach it. So the service wants API_KEYS, or INSECURE=1 from whoever publishes
# the port on loopback only; set here, either would open every container. npm, for `npm run api-key`, may write nothing.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_LOGS_MAX=0
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY scripts/api-key.ts scripts/
COPY src ./src
COPY web ./web
# The page runs the client, types stripped.
COPY client/src ./client/src
# The folder exists before the volume does, so that the volume inherits an owner who may write.
RUN mkdir -p data/sync-status data/snapshots && chown -R node:node data
USER node
VOLUME ["/app/data"]
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/livez').then((answer) => { process.exitCode = answer.ok ? 0 : 1 }, () => { process.exitCode = 1 })"]
# No npm in between: SIGTERM must reach the service itself, which then saves what runs and ends.
CMD ["node", "--max-semi-space-size=8", "src/start.mjs"]
