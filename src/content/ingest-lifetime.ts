/** Milliseconds without a write after which an unfinished ingest or upload counts as abandoned. */
export const ingestLifetime: number = 24 * 60 * 60 * 1000
