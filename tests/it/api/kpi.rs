//! `…/kpis/daterange/{kpi-name}`.
