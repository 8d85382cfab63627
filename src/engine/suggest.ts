export { suggest } from '#dockerfile'
