export interface OpenApi {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<string, { summary?: string; operationId?: string; responses?: object; parameters?: Parameter[] }>
  >
  readonly components: { readonly schemas: Record<string, { readonly examples?: unknown[] }> }
}
export interface Parameter {
  readonly name: string
  readonly schema?: { readonly example?: string; readonly examples?: readonly unknown[] }
  readonly example?: string
}
