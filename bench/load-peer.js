/**
 * Imports a package of `bench/package.json`. The bundler leaves this file out, so imports resolve from this folder.
 *
 * @param {string} name
 * @returns {Promise<unknown>}
 */
export const loadPeer = (name) => import(name);
