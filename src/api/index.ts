// Docker's Engine API over one store.

export { type ApiOptions, createApi } from './create-api.ts'
export { routes } from './routes.ts'
export { newest, oldest, versionText } from './versions.ts'
