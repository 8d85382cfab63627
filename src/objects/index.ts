// Objects by key: buckets of S3, containers of Azure, and the cache of GitHub Actions.

export type { ActionsCache, ActionsEntry, ActionsScope } from './actions-cache.ts'
export { openActionsCache } from './actions-cache.ts'
export type { Bucket, BucketOptions, ObjectParts } from './bucket.ts'
export { openBucket } from './bucket.ts'
export type { Container, ContainerOptions } from './container.ts'
export { openContainer } from './container.ts'
export type { AwsCredentials } from './signature.ts'
