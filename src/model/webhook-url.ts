import type { TextFault } from './text-fault.ts'

/** What is wrong with the URL of a webhook wherever the service runs; its settings may refuse more. */
export function faultOfWebhookUrl(text: string): TextFault | undefined {
  const hint = 'Use an absolute URL such as https://app.example.com/hooks/sheetsync.'
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return { message: 'is not an https URL', hint }
  if (url.username !== '' || url.password !== '') {
    return {
      message: 'holds a user name or a password',
      hint: 'Check webhook-signature instead: it proves who has sent the message.',
    }
  }
  return undefined
}
