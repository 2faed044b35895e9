// Express 4 and Koa 2 bring no types. What the tests use of them is in the types of the newer major, too.
declare module 'express4' {
  import express from 'express';
  export default express;
}
declare module 'koa2' {
  import Koa from 'koa';
  export default Koa;
}
