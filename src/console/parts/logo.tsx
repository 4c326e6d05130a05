/** Two tracks that become one, beside a switch. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <path d="M3 8h11c6 0 5 16 11 16h4M3 16h8M3 24h8M21 8h8" />
    </svg>
  );
}
