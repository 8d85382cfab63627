/**
 * How exact the time of use of a blob is, in milliseconds: a lookup does not update it again within
 * this time. A collection must treat a blob as used for that much longer.
 */
export const useResolution = 60_000
