export { formatDuration } from '#container'
