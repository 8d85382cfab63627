import { expect, test } from 'bun:test'
import { describePostgres } from '../../facts/testing/describe-postgres.ts'
import { connectPostgres } from './postgres.ts'

describePostgres('connectPostgres()', (server) => {
  const open = async () =>
    connectPostgres({ url: await server.createDatabase(), connections: 4, timeout: 20_000 })

  test('runs a statement again that the server undoes because two wait for each other', async () => {
    await using postgres = await open()
    await postgres.execute(
      `CREATE TABLE counts (name text PRIMARY KEY, value integer NOT NULL);
       INSERT INTO counts VALUES ('a', 0), ('b', 0);
       CREATE FUNCTION add_to(first_ text, second_ text) RETURNS void LANGUAGE plpgsql AS $$
       BEGIN
         UPDATE counts SET value = value + 1 WHERE name = first_;
         PERFORM pg_sleep(0.3);
         UPDATE counts SET value = value + 1 WHERE name = second_;
       END $$`,
    )
    await Promise.all([
      postgres.query('SELECT add_to($1, $2)', 'a', 'b'),
      postgres.query('SELECT add_to($1, $2)', 'b', 'a'),
    ])
    const rows = await postgres.query('SELECT value FROM counts')
    expect(rows).toEqual([{ value: 2 }, { value: 2 }])
  }, 60_000)

  test('transaction() sees one moment, and undoes everything when its work throws', async () => {
    await using postgres = await open()
    await postgres.execute('CREATE TABLE rows (value integer)')
    await postgres.transaction(async (query) => {
      expect(await query('SELECT * FROM rows')).toEqual([])
      await postgres.query('INSERT INTO rows VALUES (1)')
      expect(await query('SELECT * FROM rows')).toEqual([])
    }, 'repeatable read')
    const failing = postgres.transaction(async (query) => {
      await query('INSERT INTO rows VALUES ($1::integer)', 2)
      throw new RangeError('enough')
    })
    await expect(failing).rejects.toThrow(RangeError)
    expect(await postgres.query('SELECT value FROM rows')).toEqual([{ value: 1 }])
  }, 60_000)

  test('refuses texts that no database has', async () => {
    await using postgres = await open()
    for (const value of ['a\0b', ['a', '\0']]) {
      const asked = postgres.query('SELECT $1::text AS value', value)
      await expect(asked).rejects.toMatchObject({ code: 'INVALID' })
    }
  }, 60_000)
})
