// Express 4 and Koa 2 have no types of their own. The types of the newer major fit the part that the tests use.
declare module 'express4' {
  import express from 'express';
  export default express;
}
declare module 'koa2' {
  import Koa from 'koa';
  export default Koa;
}
