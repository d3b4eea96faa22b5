// What makes the published page an app of the phone: its manifest, icons, colours and size.

/**
 * Add to the page's head what Voilà's page does not have.
 * @param {string} name of the app
 */
export function install(name) {
  for (const former of document.head.querySelectorAll(
    "[data-al], meta[name=viewport], link[rel~=icon]",
  )) {
    former.remove();
  }
  addToHead("meta", { name: "viewport", content: "width=device-width, initial-scale=1, viewport-fit=cover" });
  addToHead("meta", { name: "theme-color", media: "(prefers-color-scheme: light)", content: "#f6f6f9" });
  addToHead("meta", { name: "theme-color", media: "(prefers-color-scheme: dark)", content: "#12141c" });
  addToHead("meta", { name: "color-scheme", content: "light dark" });
  addToHead("meta", { name: "mobile-web-app-capable", content: "yes" });
  addToHead("meta", { name: "apple-mobile-web-app-capable", content: "yes" });
  addToHead("meta", { name: "apple-mobile-web-app-title", content: name });
  addToHead("link", { rel: "manifest", href: "manifest.webmanifest" });
  addToHead("link", { rel: "icon", type: "image/png", href: "icon-192.png" });
  addToHead("link", { rel: "apple-touch-icon", href: "icon-180.png" });
}

/** @param {string} tag @param {Object<string, string>} attributes */
function addToHead(tag, attributes) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.setAttribute("data-al", "app");
  document.head.append(made);
}
