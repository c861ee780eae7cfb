

class EverySoManyDays(SQLExecuteQueryOperator):
    """Runs on one day of so many, counted on the calendar: a day that is missed waits for the next such day."""

    def __init__(self, *, every_days=1, **kwargs):
        super().__init__(**kwargs)
        self.every_days = every_days

    def execute(self, context):
        day = getattr(context["dag_run"], "run_after", None) or context["data_interval_end"]
        if day.toordinal() % self.every_days:
            self.log.info("not today: every %s days", self.every_days)
            return None
        return self.work(context)

    def work(self, context):
        return super().execute(context)
