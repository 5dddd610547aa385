// Work that takes a while, asked for more often than it can be done.

import { showFailure } from "./site.js";

/** A function that does `work`. While it is being done, calls wait and become one: what they ask for is the newest. */
export function newest(work) {
  let [running, again] = [false, false];
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      try {
        await work();
        showFailure("");
      } catch (error) {
        showFailure(error);
      }
    }
    running = false;
  };
}
