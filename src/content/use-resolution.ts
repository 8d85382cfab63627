/**
 * How exact the time of use of a blob is, in milliseconds: a lookup does not note it
 * again within this time. Collection must take a blob for used that much longer.
 */
export const useResolution = 60_000
