/** What operations answer when all is well: by operation, status (media type, where it has several) and name of the example. */
export type ExampleAnswers = Readonly<Record<string, Readonly<Record<string, unknown>>>>
