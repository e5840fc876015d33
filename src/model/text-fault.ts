/** Why a text of a request is refused, in words for the caller. */
export interface TextFault {
  readonly message: string
  readonly hint: string
}
