// The files of world-atlas: without this the type checker would read 900 kB of coordinates as types.
declare module 'world-atlas/countries-110m.json' {
  const world: unknown;
  export default world;
}
declare module 'world-atlas/countries-50m.json' {
  const world: unknown;
  export default world;
}
