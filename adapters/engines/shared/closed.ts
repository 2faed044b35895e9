/** Every verb and power of a closed store fails with this error. */
export const closed = (): Error => new Error('the store is closed');
