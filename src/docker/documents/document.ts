/** A JSON value in Docker's shape. */
export type InspectDocument = Readonly<Record<string, unknown>>
