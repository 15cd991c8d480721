// Runs before the first paint: the theme the person chose, else the system's.
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    document.documentElement.dataset.theme = localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");
  };
  apply();
  system.addEventListener("change", () => {
    apply();
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}
