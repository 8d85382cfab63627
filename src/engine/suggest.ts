export { suggest } from '#dockerfile/suggest'
