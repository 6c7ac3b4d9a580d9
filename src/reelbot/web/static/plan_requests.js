// Says on any page what became of a request for a plan, and to operators that there is one.

import { onEvent } from "./live.js";
import { toast } from "./toast.js";

/** Begin to say it. */
export function announceRequests() {
  onEvent("plan_request", (told) => {
    if (told.to === "operator") {
      if (told.state === "open") toast(`${told.account} requests ${told.title}. See Operator, Requests.`);
    } else if (told.state === "approved") {
      toast(`Your request for ${told.title} was approved. You are on ${told.title} now.`);
    } else if (told.state === "declined") {
      toast(`Your request for ${told.title} was declined: ${told.why}`, "bad");
    }
  });
}
