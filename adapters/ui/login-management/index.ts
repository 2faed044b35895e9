// Entry point of the package and of the browser bundle. Importing it registers the element; without a DOM it does nothing.
import { type CardEvents, defineElement, type LoginManagementElement } from './element.ts';

export type {
  CardEvent,
  CardEvents,
  LoginManagementElement,
  OthersSignedOut,
  PolicyChanged,
  SessionEnded,
  SessionFailed,
  SignedOut,
} from './element.ts';
export { type TextOverrides, texts } from './texts/texts.ts';
export type { Texts } from './texts/type.ts';

declare global {
  // Merges with the interfaces of the DOM library. Without that library, these empty ones let the types compile.
  interface HTMLElement {}
  interface Event {}
  interface HTMLElementTagNameMap {
    'login-management': LoginManagementElement;
  }
  // The event map of elements, documents and windows.
  interface GlobalEventHandlersEventMap extends CardEvents {}
}

defineElement();
