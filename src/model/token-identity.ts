/** What ends the identity of a token whose owner Google does not tell. */
const OF_TOKEN = '.token'

/** The identity of whoever has one token, and nothing else that is known of them. */
export function identityOfToken(mac: string): string {
  return mac + OF_TOKEN
}

/** Whether an identity is that of one token: once Google has let it run out, nobody comes with it any more. */
export function isOfToken(identity: string): boolean {
  return identity.endsWith(OF_TOKEN)
}
