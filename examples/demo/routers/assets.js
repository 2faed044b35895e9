// @ts-check
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';

/** @param {string} [card] */
export function assetsRouter(card) {
  const router = express.Router();
  router.get('/style.css', (_req, res) => {
    res.sendFile(join(import.meta.dirname, '..', 'style.css'), FRESH);
  });
  router.get('/card-texts.js', (_req, res) => {
    res.sendFile(join(import.meta.dirname, '..', 'card-texts.js'), FRESH);
  });
  // The card is one file without dependencies.
  router.get('/session-revocation-ui.js', (_req, res) => {
    res.sendFile(card ?? fileURLToPath(import.meta.resolve('session-revocation/ui')), FRESH);
  });
  return router;
}

const FRESH = { headers: { 'Cache-Control': 'no-cache' } };
