/**
 * Imports a package of `bench/package.json`. This file is not bundled, so its imports are found from here.
 *
 * @param {string} name
 * @returns {Promise<unknown>}
 */
export const loadPeer = (name) => import(name);
