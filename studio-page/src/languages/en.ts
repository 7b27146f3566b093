/** English, which the page is written in: only texts with a plural. */

import type { Translation } from "../language";

const texts: Translation = {
  "{0} days": { one: "{0} day", other: "{0} days" },
  "{0} requests sent": { one: "{0} request sent", other: "{0} requests sent" },
  "After the {0} before it": { one: "After the one before it", other: "After the {0} before it" },
  "About {0} as fast as this studio paints, after the {1} before it": {
    one: "About {0} as fast as this studio paints, after the one before it",
    other: "About {0} as fast as this studio paints, after the {1} before it",
  },
};

export default texts;
