import express from 'express';
import { httpBehaviours } from './http/index.ts';
import { serveExpress } from './support/express-app.ts';

httpBehaviours('express', serveExpress(express));
