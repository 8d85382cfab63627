/**
 * The step of the schema that refuses late changes. A server that was frozen or cut off may get to a
 * statement long after its client was told that it failed, and after a newer change that was
 * acknowledged.
 */
export const lateChanges: string = `
   -- Milliseconds since 1970 by the clock of this database.
   CREATE FUNCTION strake_in_time(deadline_ bigint) RETURNS void LANGUAGE plpgsql AS $$
   BEGIN
     IF extract(epoch FROM clock_timestamp()) * 1000 > deadline_ THEN
       RAISE EXCEPTION USING ERRCODE = 'query_canceled', MESSAGE = 'the change comes too late';
     END IF;
   END $$;`

/**
 * Returns what a statement that changes something has after `FROM` or `USING`: the server refuses the
 * statement after the deadline, which is the parameter of that number.
 */
export function inTime(parameter: number): string {
  return `strake_in_time($${parameter}::bigint)`
}
