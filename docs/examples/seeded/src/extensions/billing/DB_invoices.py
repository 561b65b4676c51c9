from sqlalchemy import Column, ForeignKey, Integer

from database.DB_customers import Base


class Invoice(Base):
    __tablename__ = "billing_invoices"
    __table_args__ = {"extend_existing": True}

    id = Column(Integer, primary_key=True)
    customer_id = Column(Integer, ForeignKey("customers.id"), nullable=False)
    cents = Column(Integer, nullable=False)
