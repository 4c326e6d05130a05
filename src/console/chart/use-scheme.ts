import { useEffect, useState } from 'react';

/** `light` or `dark`; what is drawn on a canvas has to be drawn again when it changes. */
export function useScheme(): string {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const list = matchMedia('(prefers-color-scheme: dark)');
    const change = () => setDark(list.matches);
    list.addEventListener('change', change);
    return () => list.removeEventListener('change', change);
  }, []);
  return isDark ? 'dark' : 'light';
}
