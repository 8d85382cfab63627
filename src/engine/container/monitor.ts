export { monitorMain } from '#container'
