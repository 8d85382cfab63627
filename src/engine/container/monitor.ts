export { monitorMain } from '#container/monitor/main'
