// Sets a chosen theme before the first paint, so that a dark page never flashes white.
// It only reads; `src/state/theme.svelte.ts` owns the choice.
try {
  var theme = localStorage.getItem('shopstream.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch (_) {
  // Storage is blocked: the system's own choice stays.
}
