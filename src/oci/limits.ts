/**
 * Limits on the documents that describe images. The documents are untrusted, so each limit stops an
 * attack. No limit stops an image that other tools can run.
 */
export const limits = {
  /** Bytes of a manifest or index. */
  manifestSize: 4_194_304,
  /** Bytes of an image configuration. */
  configSize: 4_194_304,
  /** Bytes of the JSON files in an archive of `docker save`. */
  archiveJsonSize: 20_971_520,
  /** Depth of nested objects and arrays in one JSON document. */
  jsonDepth: 128,
  /** Depth of nested indexes, including the outermost. */
  indexDepth: 4,
  /** Descriptors in one document, and in all documents that one root reaches. */
  descriptors: 10_000,
  /** Layers of one image; overlayfs cannot stack more. */
  layers: 500,
  /** With more layers, a warning is useful: Docker refuses such images. */
  layersOfDocker: 125,
  /** Characters of a repository's name. */
  repositoryLength: 255,
  /** Characters of a tag. */
  tagLength: 128,
} as const
